export { moneyInWords as money } from '@worklane/domain/billing/money.ts'
