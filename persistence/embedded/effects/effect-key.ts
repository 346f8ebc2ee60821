import { type ActorRef, type EffectId, effectId, isActorRef } from '../../../values/ids.ts'

/** The parts of `<actor>#<seq>.<n>`. */
export interface EffectKey {
  readonly ref: ActorRef
  readonly seq: number
  readonly n: number
}

const form = /^(.+)#([1-9]\d*)\.(0|[1-9]\d*)$/

/** Null for what names no effect of an entry. */
export function effectKeyOf(id: string): EffectKey | null {
  const [, ref, seqText, nText] = form.exec(id) ?? []
  if (!isActorRef(ref)) return null
  const [seq, n] = [Number(seqText), Number(nText)]
  return Number.isSafeInteger(seq) && Number.isSafeInteger(n) ? { ref, seq, n } : null
}

export function effectIdOf({ ref, seq, n }: EffectKey): EffectId {
  return effectId(ref, seq, n)
}
