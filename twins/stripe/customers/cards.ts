// Stripe's test cards and test bank accounts: what each does when it is attached, charged,
// authenticated, refunded or disputed. Numbers and tokens are those of docs.stripe.com/testing.

export interface Decline {
  readonly code: string
  readonly decline_code: string
  readonly message: string
  /** `blocked`: Radar stopped it before the bank was asked. */
  readonly by?: 'issuer' | 'radar'
}

/**
 * When the customer must authenticate: always; always but off-session once set up; on-session only.
 */
export type Authentication = 'never' | 'always' | 'until_set_up' | 'on_session'

export type Aftermath =
  | 'fraudulent'
  | 'product_not_received'
  | 'inquiry'
  | 'two_disputes'
  | 'early_fraud_warning'

export interface TestCard {
  /** The `pm_card_…` that stands for it; `tok_…` with the same ending does, too. */
  readonly token: string
  readonly number: string
  readonly brand: string
  readonly funding: 'credit' | 'debit' | 'prepaid'
  /** The bank's no to every charge; after the authentication, where there is one. */
  readonly decline?: Decline
  /** It also cannot be attached to a customer or set up. */
  readonly refusesAttach?: boolean
  readonly authentication?: Authentication
  readonly riskLevel?: 'elevated' | 'highest'
  /** What the cardholder's bank does later. */
  readonly aftermath?: Aftermath
  readonly refund?: 'pending' | 'fails'
}

function decline(code: string, message: string, declineCode = code): Decline {
  return { code, decline_code: declineCode, message }
}

const declined = 'Your card was declined.'

export const declines = {
  generic: decline('card_declined', declined, 'generic_decline'),
  insufficientFunds: decline(
    'card_declined',
    'Your card has insufficient funds.',
    'insufficient_funds',
  ),
  lost: decline('card_declined', declined, 'lost_card'),
  stolen: decline('card_declined', declined, 'stolen_card'),
  expired: decline('expired_card', 'Your card has expired.'),
  cvc: decline('incorrect_cvc', "Your card's security code is incorrect."),
  processing: decline(
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
  ),
  velocity: decline(
    'card_declined',
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    'card_velocity_exceeded',
  ),
  blocked: { ...decline('card_declined', declined, 'fraudulent'), by: 'radar' },
  highestRisk: { ...decline('card_declined', declined, 'highest_risk_level'), by: 'radar' },
  authentication: decline(
    'authentication_required',
    'Your card was declined. This transaction requires authentication.',
  ),
} as const satisfies Record<string, Decline>

/** After one of these Stripe keeps scheduling retries and sends none to the bank. */
const hardDeclines = new Set([
  'incorrect_number',
  'lost_card',
  'pickup_card',
  'stolen_card',
  'revocation_of_authorization',
  'revocation_of_all_authorizations',
  'authentication_required',
  'highest_risk_level',
  'transaction_not_allowed',
])

export function isHardDecline(code: string | null, declineCode: string | null): boolean {
  return [code, declineCode].some((word) => word !== null && hardDeclines.has(word))
}

type Rules = Omit<TestCard, 'token' | 'number' | 'brand' | 'funding'>

function visa(token: string, number: string, rules: Rules = {}): TestCard {
  return { token: `pm_card_${token}`, number, brand: 'visa', funding: 'credit', ...rules }
}

function other(token: string, number: string, brand: string): TestCard {
  return { token: `pm_card_${token}`, number, brand, funding: 'credit' }
}

function refusing(token: string, number: string, decline: Decline): TestCard {
  return visa(token, number, { decline, refusesAttach: true })
}

const always = { authentication: 'always' } as const

export const testCards: readonly TestCard[] = [
  visa('visa', '4242424242424242'),
  { ...visa('visa_debit', '4000056655665556'), funding: 'debit' },
  other('mastercard', '5555555555554444', 'mastercard'),
  { ...other('mastercard_debit', '5200828282828210', 'mastercard'), funding: 'debit' },
  { ...other('mastercard_prepaid', '5105105105105100', 'mastercard'), funding: 'prepaid' },
  other('amex', '378282246310005', 'amex'),
  other('discover', '6011111111111117', 'discover'),
  other('diners', '3056930009020004', 'diners'),
  other('jcb', '3566002020360505', 'jcb'),
  other('unionpay', '6200000000000005', 'unionpay'),

  refusing('visa_chargeDeclined', '4000000000000002', declines.generic),
  refusing('visa_chargeDeclinedInsufficientFunds', '4000000000009995', declines.insufficientFunds),
  refusing('visa_chargeDeclinedLostCard', '4000000000009987', declines.lost),
  refusing('visa_chargeDeclinedStolenCard', '4000000000009979', declines.stolen),
  refusing('chargeDeclinedExpiredCard', '4000000000000069', declines.expired),
  refusing('chargeDeclinedIncorrectCvc', '4000000000000127', declines.cvc),
  refusing('chargeDeclinedProcessingError', '4000000000000119', declines.processing),
  refusing('visa_chargeDeclinedVelocityLimitExceeded', '4000000000006975', declines.velocity),
  visa('chargeCustomerFail', '4000000000000341', { decline: declines.generic }),

  visa('authenticationRequiredOnSetup', '4000002500003155', { authentication: 'until_set_up' }),
  visa('authenticationRequired', '4000002760003184', always),
  visa('authenticationRequiredSetupForOffSession', '4000003800000446', {
    authentication: 'on_session',
  }),
  visa('authenticationRequiredChargeDeclinedInsufficientFunds', '4000008260003178', {
    ...always,
    decline: declines.insufficientFunds,
  }),
  visa('threeDSecure2Required', '4000000000003220', always),
  visa('threeDSecureRequired', '4000000000003063', always),
  visa('threeDSecureRequiredChargeDeclined', '4000008400001629', {
    ...always,
    decline: declines.generic,
  }),
  visa('threeDSecureRequiredProcessingError', '4000008400001280', { decline: declines.generic }),
  visa('threeDSecureOptional', '4000000000003055'),
  visa('threeDSecureOptionalProcessingError', '4000000000003097'),

  visa('createDispute', '4000000000000259', { aftermath: 'fraudulent' }),
  visa('createDisputeProductNotReceived', '4000000000002685', {
    aftermath: 'product_not_received',
  }),
  visa('createDisputeInquiry', '4000000000001976', { aftermath: 'inquiry' }),
  visa('createIssuerFraudRecord', '4000000000005423', { aftermath: 'early_fraud_warning' }),
  visa('createMultipleDisputes', '4000000404000079', { aftermath: 'two_disputes' }),
  visa('pendingRefund', '4000000000007726', { refund: 'pending' }),
  visa('refundFail', '4000000000005126', { refund: 'fails' }),

  visa('radarBlock', '4100000000000019', { decline: declines.blocked }),
  visa('riskLevelHighest', '4000000000004954', {
    decline: declines.highestRisk,
    riskLevel: 'highest',
  }),
  visa('riskLevelElevated', '4000000000009235', { riskLevel: 'elevated' }),
  visa('bypassPending', '4000000000000077'),
]

/** By `pm_card_…`, `tok_…` or number; blanks in a number do not matter. */
export function testCard(name: string): TestCard | undefined {
  const plain = name.replaceAll(/[\s-]/g, '')
  const token = name.startsWith('tok_') ? name.replace(/^tok_/, 'pm_card_') : name
  return testCards.find((card) => card.token === token || card.number === plain)
}

/** A bank debit: it takes days to tell whether it was paid. */
export interface TestBankAccount {
  readonly token: string
  readonly last4: string
  readonly failure?: Decline
}

export const testBankAccounts: readonly TestBankAccount[] = [
  { token: 'pm_usBankAccount_success', last4: '6789' },
  {
    token: 'pm_usBankAccount_insufficientFunds',
    last4: '2227',
    failure: decline(
      'payment_method_provider_decline',
      'The bank account has insufficient funds to complete the purchase.',
      'insufficient_funds',
    ),
  },
]

export function testBankAccount(token: string): TestBankAccount | undefined {
  return testBankAccounts.find((account) => account.token === token)
}

/** How long a bank debit is `processing`. */
export const debitSeconds = 4 * 24 * 3600

/** Whether a payment with the card must wait for its holder. */
export function needsAuthentication(
  card: TestCard,
  { offSession, setUp }: { offSession: boolean; setUp: boolean },
): boolean {
  switch (card.authentication ?? 'never') {
    case 'never':
      return false
    case 'always':
      return true
    case 'until_set_up':
      return !(offSession && setUp)
    case 'on_session':
      return !offSession
    default:
      return false
  }
}
