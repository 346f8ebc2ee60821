import { readConfig } from '../app/config.ts'
import { createLog } from '../app/log.ts'
import { openPlatform, type Platform } from '../app/open.ts'
import { untilStopped } from './until-stopped.ts'

/** Shorter than the 30 s after which what runs containers kills. */
const stopMs = 25_000

/** Starts the platform and stays until it is asked to stop. */
export async function serve(): Promise<number> {
  const config = readConfig(process.env)
  const platform = await openPlatform(config, createLog(config.logLevel))
  process.stdout.write(welcome(platform))
  return untilStopped({
    signals: process,
    stop: () => platform.stop(),
    deadlineMs: stopMs,
    say: (text) => void process.stderr.write(text),
  })
}

function welcome({ url, sandbox }: Platform): string {
  const lines = [
    '',
    `Tenure      ${url}`,
    `  docs      ${url}/docs`,
    `  API       ${url}/openapi.json`,
    `  health    ${url}/readyz, ${url}/metrics`,
  ]
  if (sandbox) {
    const { keys } = sandbox.home.kept
    lines.push(
      '',
      `Sandbox     ${sandbox.stripeUrl} stands for Stripe: no keys, no network, and a clock that you move`,
      `  cards     pm_card_visa pays, pm_card_authenticationRequiredOnSetup asks for 3-D Secure,`,
      `            pm_card_chargeCustomerFail is declined`,
      `  clock     POST ${url}/sandbox/clock/advance {"by":"P1M"}`,
      '',
      'API keys of the sandbox',
      `  dashboard ${keys.dashboard}`,
      `  admin     ${keys.admin}`,
      `  service   ${keys.service}`,
    )
  }
  return `${lines.join('\n')}\n\n`
}
