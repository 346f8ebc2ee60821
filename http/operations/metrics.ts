import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Counts } from '../../actors/counters.ts'
import { WebhookOutcome } from '../../machines/webhook/events.ts'

export interface RequestMeasured {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly tookMs: number
}

/** How much waits or runs in each queue of this process, at this moment. */
export interface Depths {
  /** Requests that are being worked on, by kind. */
  inside(kind: 'webhook' | 'command'): number
  /** Bodies that are on their way. */
  bodies(): number
  /** Envelopes that wait for their actors. */
  envelopes(): number
  /** Actors that are being decided. */
  actors(): number
  /** How far the event loop is behind, in milliseconds. */
  lagMs(): number
  /** Effects that are being performed. */
  effects(): number
}

export type HttpMetrics = ReturnType<typeof createMetrics>

/**
 * The numbers under `/metrics`, in a registry of their own. The runtime counts through
 * `runtime`; labels are closed sets, never ids.
 */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'tenure_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'tenure_http_request_seconds',
    help: 'Time from a request to the start of its answer.',
    labelNames: ['route'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  })
  const counter = (name: string, help: string, label: string) => {
    const one = new Counter({ name: `tenure_${name}_total`, help, labelNames: [label], registers })
    return (value: string) => one.inc({ [label]: value })
  }
  const depth = new Gauge({
    name: 'tenure_queue_depth',
    help: 'What waits or runs in each queue; each has a bound.',
    labelNames: ['queue'],
    registers,
    collect() {
      if (depths === null) return
      this.set({ queue: 'webhooks' }, depths.inside('webhook'))
      this.set({ queue: 'commands' }, depths.inside('command'))
      this.set({ queue: 'bodies' }, depths.bodies())
      this.set({ queue: 'envelopes' }, depths.envelopes())
      this.set({ queue: 'actors' }, depths.actors())
      this.set({ queue: 'effects' }, depths.effects())
    },
  })
  const lag = new Gauge({
    name: 'tenure_event_loop_lag_seconds',
    help: 'How far the event loop is behind; beyond a bound commands, then webhooks, are turned away.',
    registers,
    collect() {
      this.set((depths?.lagMs() ?? 0) / 1000)
    },
  })
  let depths: Depths | null = null
  const streams = new Gauge({ name: 'tenure_streams', help: 'Open streams.', registers })
  // Looking labels up costs more than counting; their sets are closed, and so is this map.
  const bound = new Map<string, (tookMs: number) => void>()

  function counterOf({ method, route, status }: RequestMeasured): (tookMs: number) => void {
    const count = requests.labels({ method, route, status })
    const time = seconds.labels({ route })
    return (tookMs) => {
      count.inc()
      time.observe(tookMs / 1000)
    }
  }

  const event = counter('events', 'Webhooks that were kept, by what became of them.', 'outcome')

  return {
    request(measured: RequestMeasured): void {
      const key = `${measured.method} ${measured.status} ${measured.route}`
      const known = bound.get(key) ?? counterOf(measured)
      bound.set(key, known)
      known(measured.tookMs)
    },
    event,
    webhook: counter('webhooks', 'Webhooks, by what became of them.', 'outcome'),
    /** Requests that were turned away for want of a place. */
    shed: counter('shed', 'Requests turned away because too many were inside, by kind.', 'kind'),
    /** From now on the depths are these. */
    watch(of: Depths): void {
      depths = of
      depth.reset()
      lag.set(0)
    },
    streamOpened: () => streams.inc(),
    streamClosed: () => streams.dec(),
    runtime: countsIn(registers, event),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}

function countsIn(registers: Registry[], countEvent: (outcome: string) => void): Counts {
  const decided = new Counter({
    name: 'tenure_decided_total',
    help: 'Entries committed.',
    labelNames: ['type', 'event'],
    registers,
  })
  const refused = new Counter({
    name: 'tenure_refused_total',
    help: 'Requests that a chart refused.',
    labelNames: ['type', 'code'],
    registers,
  })
  const parked = new Counter({
    name: 'tenure_parked_total',
    help: 'Effects and envelopes that failed for good.',
    labelNames: ['kind'],
    registers,
  })
  const delivered = new Counter({
    name: 'tenure_delivered_total',
    help: 'Tries of effects, by what became of them.',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  return {
    decided: (type, event) => decided.inc({ type, event }),
    refused: (type, code) => refused.inc({ type, code }),
    parked: (kind) => parked.inc({ kind }),
    delivered: (kind, outcome) => delivered.inc({ kind, outcome }),
    performed(kind, result) {
      const webhook = kind === 'event.apply' ? WebhookOutcome.safeParse(result) : null
      if (webhook?.success) countEvent(webhook.data.outcome)
    },
  }
}
