export { register } from '../../lighthouse/command.ts'
