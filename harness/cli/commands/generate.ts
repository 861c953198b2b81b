export { register } from '../../generate/command.ts'
