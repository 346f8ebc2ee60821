import type { Json, JsonObject } from '../../../values/json.ts'
import { isRecord, isStripeObject } from '../../kernel/fields.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest } from './failure.ts'
import type { Includable } from './parts.ts'

const levelsMax = 4

interface Walk {
  readonly state: SandboxState
  readonly includable: Includable
  /** The whole path, for the error. */
  readonly path: string
}

function cannot(path: string): Error {
  return invalidRequest(
    'expand',
    `This property cannot be expanded (${path}). You may want to try expanding it at its full path, such as 'data.${path}' in a list.`,
  )
}

/** The field's value where it is shown, else what the object includes on request. */
function valueOf(object: JsonObject, key: string, { includable, path }: Walk): Json {
  const shown = object[key]
  if (shown !== undefined) return shown
  const include = isStripeObject(object) ? includable[object.object]?.[key] : undefined
  if (include === undefined || !isStripeObject(object)) throw cannot(path)
  return include(object)
}

function expanded(value: Json, keys: readonly string[], walk: Walk): Json {
  if (value === null) return null
  if (Array.isArray(value)) return value.map((item) => expanded(item, keys, walk))
  const object = typeof value === 'string' ? walk.state.find(value) : value
  if (!isRecord(object)) throw cannot(walk.path)
  const [key, ...rest] = keys
  if (key === undefined) return object
  return { ...object, [key]: expanded(valueOf(object, key, walk), rest, walk) }
}

/**
 * The answer with these paths (`customer`, `data.latest_invoice.payments`) expanded: ids become
 * objects, and fields shown only on request appear. A deleted or unknown thing stays an id.
 */
export function expand(
  answer: JsonObject,
  paths: readonly string[],
  { state, includable }: { state: SandboxState; includable: Includable },
): JsonObject {
  let result: Json = answer
  for (const path of paths) {
    const keys = path.split('.')
    const depth = keys.filter((key) => key !== 'data').length
    if (depth > levelsMax)
      throw invalidRequest(
        'expand',
        `You cannot expand more than ${levelsMax} levels of a property. Property: ${path}`,
      )
    result = expanded(result, keys, { state, includable, path })
  }
  return isRecord(result) ? result : answer
}
