import { createHash } from 'node:crypto'
import type { JsonObject } from '../../../values/json.ts'
import type { TestBankAccount, TestCard } from './cards.ts'

// What a payment method shows of the card or bank account behind it.

export function cardFields(card: TestCard, expiry: { month: number; year: number }): JsonObject {
  const fingerprint = createHash('sha256').update(card.number).digest('base64url').slice(0, 16)
  return {
    brand: card.brand,
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: card.token === 'pm_card_chargeDeclinedIncorrectCvc' ? 'fail' : 'pass',
    },
    country: 'US',
    display_brand: card.brand,
    exp_month: expiry.month,
    exp_year: expiry.year,
    fingerprint,
    funding: card.funding,
    generated_from: null,
    last4: card.number.slice(-4),
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: card.brand !== 'amex' },
    wallet: null,
  }
}

export function bankFields(bank: TestBankAccount): JsonObject {
  return {
    account_holder_type: 'individual',
    account_type: 'checking',
    bank_name: 'STRIPE TEST BANK',
    financial_connections_account: null,
    fingerprint: `bank${bank.last4}`,
    last4: bank.last4,
    networks: { preferred: 'ach', supported: ['ach'] },
    routing_number: '110000000',
    status_details: null,
  }
}
