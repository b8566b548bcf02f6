// The values FHIR R4 allows where the validator of the oracle accepts anything, and the rules of
// references and units that hold for all we give.
import * as z from 'zod'

const DATE_TIME =
  /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00))?)?)?$/
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const UNITS = ['1', '%', 'mV', 's', 'min', 'mm', 'mL', 'mL/d', 'mg/mL', 'ug/mL', 'mg/d', 'ug/d']
const ISSUES = [
  'invalid',
  'login',
  'forbidden',
  'processing',
  'not-supported',
  'not-found',
  'too-long',
  'throttled',
  'exception',
  'transient',
] as const
const id = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/)
const dateTime = z.string().regex(DATE_TIME)
const reference = z.object({
  reference: z
    .string()
    .regex(/^(Device|DeviceMetric|Observation)\/[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  type: z.literal('Patient').optional(),
})
const quantity = z.object({
  value: z.number(),
  unit: z.enum(UNITS),
  system: z.literal('http://unitsofmeasure.org'),
  code: z.enum(UNITS),
})
const absent = z.object({
  coding: z.tuple([
    z.object({
      system: z.literal('http://terminology.hl7.org/CodeSystem/data-absent-reason'),
      code: z.enum(['unknown', 'error']),
    }),
  ]),
})
const valued = {
  valueQuantity: quantity.optional(),
  valueDateTime: dateTime.optional(),
  dataAbsentReason: absent.optional(),
}
const VALUES = ['valueQuantity', 'valueDateTime', 'valueString', 'valueCodeableConcept']
const exactlyOne = (one: object) =>
  [...VALUES, 'dataAbsentReason'].filter((name) => name in one).length === 1
const common = { id, meta: z.object({ lastUpdated: z.string().regex(INSTANT) }) }

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  Observation: z
    .looseObject({
      ...common,
      status: z.enum(['final', 'preliminary']),
      issued: z.string().regex(INSTANT),
      effectiveDateTime: dateTime.optional(),
      subject: reference,
      device: reference,
      ...valued,
      component: z.array(z.looseObject(valued).refine(exactlyOne)).optional(),
    })
    .refine(exactlyOne),
  DiagnosticReport: z.looseObject({
    ...common,
    status: z.enum(['final', 'partial']),
    effectiveDateTime: dateTime.optional(),
    result: z.array(reference),
  }),
  Device: z.looseObject({
    ...common,
    status: z.enum(['active', 'inactive', 'unknown']),
    parent: reference.optional(),
  }),
  DeviceMetric: z.looseObject({
    ...common,
    operationalStatus: z.enum(['on', 'off', 'standby', 'entered-in-error']),
    category: z.enum(['measurement', 'setting', 'calculation', 'unspecified']),
  }),
  Patient: z.looseObject({
    id,
    active: z.boolean(),
    link: z.array(z.looseObject({ type: z.literal('replaced-by'), other: reference })).optional(),
  }),
  AuditEvent: z.looseObject({
    ...common,
    action: z.enum(['C', 'R', 'U', 'D', 'E']),
    outcome: z.enum(['0', '4', '8', '12']),
    recorded: z.string().regex(INSTANT),
  }),
  CodeSystem: z.looseObject({
    id,
    status: z.enum(['draft', 'active', 'retired', 'unknown']),
    content: z.enum(['not-present', 'example', 'fragment', 'complete', 'supplement']),
  }),
  StructureDefinition: z.looseObject({
    id,
    status: z.enum(['draft', 'active', 'retired', 'unknown']),
    name: z.string().regex(/^[A-Z][A-Za-z0-9_]{0,254}$/),
    kind: z.enum(['primitive-type', 'complex-type', 'resource', 'logical']),
    derivation: z.enum(['specialization', 'constraint']),
    context: z
      .array(z.looseObject({ type: z.enum(['fhirpath', 'element', 'extension']) }))
      .optional(),
  }),
  ValueSet: z.looseObject({ id, status: z.enum(['draft', 'active', 'retired', 'unknown']) }),
  Bundle: z.looseObject({ type: z.enum(['searchset', 'collection']) }),
  CapabilityStatement: z.looseObject({
    status: z.literal('active'),
    kind: z.enum(['instance', 'capability', 'requirements']),
    fhirVersion: z.literal('4.0.1'),
  }),
  OperationOutcome: z.looseObject({
    issue: z
      .array(
        z.looseObject({
          severity: z.enum(['fatal', 'error', 'warning', 'information']),
          code: z.enum(ISSUES),
        }),
      )
      .min(1),
  }),
}

/** Throws when a resource is not what R4 says of its codes, or not what we say of ours. */
export function checkEnums(resource: { readonly resourceType?: unknown }): void {
  const schema = SCHEMAS[String(resource.resourceType)]
  if (!schema) throw new Error(`no rules for ${String(resource.resourceType)}`)
  schema.parse(resource)
}
