import { z } from 'zod'
import { problemType } from '../problem-body.ts'
import type { ApiDocument } from './openapi.ts'

// What the page under /docs shows of the OpenAPI document.

const Schema = z.record(z.string(), z.unknown())
type Schema = z.infer<typeof Schema>

const Content = z.record(
  z.string(),
  z.object({ schema: Schema.optional(), examples: z.record(z.string(), z.unknown()).optional() }),
)

const OperationObject = z.object({
  tags: z.array(z.string()).default([]),
  summary: z.string().default(''),
  description: z.string().default(''),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        description: z.string().optional(),
        schema: z.object({ description: z.string().default('') }).optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(
    z.string(),
    z.object({ description: z.string(), content: Content.optional() }),
  ),
})

export interface Operation {
  readonly tag: string
  readonly method: string
  readonly path: string
  readonly anchor: string
  readonly summary: string
  readonly description: string
  readonly roles: readonly string[]
  readonly parameters: readonly {
    readonly name: string
    readonly place: string
    readonly required: boolean
    readonly description: string
  }[]
  readonly body: Schema | null
  readonly answers: readonly {
    readonly status: string
    readonly description: string
    readonly schema: Schema | null
    /** Of a problem: its codes. */
    readonly codes: readonly string[]
  }[]
}

/** Every operation, in the order in which the routes were mounted. */
export function operationsIn(document: ApiDocument): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => operationOf(path, method, operation)),
  )
}

function operationOf(path: string, method: string, object: unknown): Operation {
  const found = OperationObject.parse(object)
  return {
    tag: found.tags[0] ?? '',
    method: method.toUpperCase(),
    path,
    anchor: `${method}-${path.replaceAll(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '')}`,
    summary: found.summary,
    description: found.description,
    roles: found.security.flatMap((one) => one['key'] ?? []),
    parameters: found.parameters.map((one) => ({
      name: one.name,
      place: one.in,
      required: one.required,
      description: one.description ?? one.schema?.description ?? '',
    })),
    body: schemaIn(found.requestBody?.content),
    answers: Object.entries(found.responses).map(([status, { description, content }]) => ({
      status,
      description,
      schema: schemaIn(content),
      codes: Object.keys(content?.[problemType]?.examples ?? {}),
    })),
  }
}

function schemaIn(content: z.infer<typeof Content> | undefined): Schema | null {
  return Object.values(content ?? {})[0]?.schema ?? null
}

/** A schema as an outline: one line per field, its type, and what it means. */
export function describeSchema(document: ApiDocument, schema: Schema): string {
  return outline({ document, schema, indent: '', depth: 0 }).join('\n')
}

interface Part {
  readonly document: ApiDocument
  readonly schema: Schema
  readonly indent: string
  readonly depth: number
}

function outline({ document, schema, indent, depth }: Part): string[] {
  const whole = resolved(document, schema)
  const nested = childOf(document, whole)
  if (nested !== null) return outline({ document, schema: nested, indent, depth })
  const { data: properties } = z.record(z.string(), Schema).safeParse(whole['properties'])
  if (!properties || depth > 3) return depth === 0 ? [indent + typeText(document, whole)] : []
  const required = z.array(z.string()).catch([]).parse(whole['required'])
  return Object.entries(properties).flatMap(([name, property]) => {
    const field = resolved(document, property)
    const optional = required.includes(name) ? '' : '?'
    const meaning = `${typeText(document, field)}${commentOf(field, property)}`
    const line = `${indent}${name}${optional}: ${meaning}`
    return [line, ...outline({ document, schema: field, indent: `${indent}  `, depth: depth + 1 })]
  })
}

function commentOf(field: Schema, property: Schema): string {
  const description = property['description'] ?? field['description']
  return typeof description === 'string' ? `  — ${description}` : ''
}

function typeText(document: ApiDocument, schema: Schema): string {
  const values = z.array(z.unknown()).safeParse(schema['enum']).data
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ')
  const items = Schema.safeParse(schema['items']).data
  if (items) return `${typeText(document, resolved(document, items))}[]`
  const choices = z.array(Schema).safeParse(schema['oneOf'] ?? schema['anyOf']).data
  if (choices) {
    return choices.map((choice) => typeText(document, resolved(document, choice))).join(' | ')
  }
  const { type } = schema
  if (Array.isArray(type)) return type.join(' | ')
  return typeof type === 'string' ? type : 'any'
}

/** What an array, a map or a nullable reference is made of. */
function childOf(document: ApiDocument, schema: Schema): Schema | null {
  for (const key of ['items', 'additionalProperties']) {
    const child = Schema.safeParse(schema[key]).data
    if (child && !('properties' in schema)) return resolved(document, child)
  }
  const choices = z.array(Schema).safeParse(schema['oneOf'] ?? schema['anyOf']).data ?? []
  return (
    choices.map((choice) => resolved(document, choice)).find((one) => 'properties' in one) ?? null
  )
}

function resolved(document: ApiDocument, schema: Schema): Schema {
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const name = reference.replace('#/components/schemas/', '')
    return Schema.catch({}).parse(document.components?.schemas?.[name])
  }
  const parts = z.array(Schema).safeParse(schema['allOf']).data
  return parts ? Object.assign({}, ...parts.map((part) => resolved(document, part))) : schema
}
