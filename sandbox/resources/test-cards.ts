/** Stripe's own test cards: https://docs.stripe.com/testing. */
export type Decline = { code: string; decline_code?: string; message: string }

export type TestCard = {
  number: string
  brand: 'amex' | 'mastercard' | 'visa'
  /** Its tokens in the place of a payment method's id. */
  tokens: readonly string[]
  /** What happens when it is kept for a customer; well unless given. */
  onAttach?: Decline
  /** What happens when money is taken; well unless given. */
  onCharge?: Decline
  /** Whether its holder has to confirm: each time, or until it was set up once. */
  authentication?: 'always' | 'until_set_up'
  /** The holder disputes what was paid. */
  disputes?: 'fraudulent' | 'product_not_received'
  refundFails?: true
}

const declined = (declineCode: string, message = 'Your card was declined.'): Decline => ({
  code: 'card_declined',
  decline_code: declineCode,
  message,
})
const generic = declined('generic_decline')
const insufficient = declined('insufficient_funds', 'Your card has insufficient funds.')
const expired = { code: 'expired_card', message: 'Your card has expired.' }
const badCvc = { code: 'incorrect_cvc', message: "Your card's security code is incorrect." }
const processing = {
  code: 'processing_error',
  message: 'An error occurred while processing your card. Try again in a little bit.',
}

/** Cards that are declined at once are declined as well when somebody wants to keep them. */
const always = (decline: Decline) => ({ onAttach: decline, onCharge: decline })

const testCards: readonly TestCard[] = [
  { number: '4242424242424242', brand: 'visa', tokens: ['pm_card_visa', 'pm_card_us'] },
  { number: '4000056655665556', brand: 'visa', tokens: ['pm_card_visa_debit'] },
  { number: '5555555555554444', brand: 'mastercard', tokens: ['pm_card_mastercard'] },
  { number: '378282246310005', brand: 'amex', tokens: ['pm_card_amex'] },
  visa('4000000000000002', ['pm_card_chargeDeclined', 'pm_card_visa_chargeDeclined'], always(generic)),
  visa(
    '4000000000009995',
    ['pm_card_chargeDeclinedInsufficientFunds', 'pm_card_visa_chargeDeclinedInsufficientFunds'],
    always(insufficient),
  ),
  visa('4000000000009987', ['pm_card_visa_chargeDeclinedLostCard'], always(declined('lost_card'))),
  visa('4000000000009979', ['pm_card_visa_chargeDeclinedStolenCard'], always(declined('stolen_card'))),
  visa('4000000000000069', ['pm_card_chargeDeclinedExpiredCard'], always(expired)),
  visa('4000000000000127', ['pm_card_chargeDeclinedIncorrectCvc'], always(badCvc)),
  visa('4000000000000119', ['pm_card_chargeDeclinedProcessingError'], always(processing)),
  visa('4000000000000341', ['pm_card_chargeCustomerFail'], { onCharge: generic }),
  visa('4000002500003155', ['pm_card_authenticationRequiredOnSetup'], { authentication: 'until_set_up' }),
  visa('4000002760003184', ['pm_card_authenticationRequired'], { authentication: 'always' }),
  visa('4000003800000446', ['pm_card_authenticationRequiredSetupForOffSession'], {}),
  visa('4000008260003178', ['pm_card_authenticationRequiredChargeDeclinedInsufficientFunds'], {
    authentication: 'always',
    onCharge: insufficient,
  }),
  visa('4000000000000259', ['pm_card_createDispute'], { disputes: 'fraudulent' }),
  visa('4000000000002685', ['pm_card_createDisputeProductNotReceived'], { disputes: 'product_not_received' }),
  visa('4000000000005126', ['pm_card_refundFail'], { refundFails: true }),
]

export const cardOfToken = (token: string): TestCard | undefined =>
  testCards.find(({ tokens }) => tokens.includes(token))

export const cardOfNumber = (number: string): TestCard | undefined =>
  testCards.find((card) => card.number === number.replaceAll(/[\s-]/g, ''))

function visa(
  number: string,
  tokens: readonly string[],
  behaviour: Omit<TestCard, 'number' | 'brand' | 'tokens'>,
): TestCard {
  return { number, brand: 'visa', tokens, ...behaviour }
}
