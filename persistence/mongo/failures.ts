import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerError,
  MongoTopologyClosedError,
  type WriteError,
} from 'mongodb'
import { StoreUnavailable } from '../../actors/port-errors.ts'

const duplicateKey = 11_000

/**
 * BadValue, FailedToParse, TypeMismatch, Overflow, DocumentValidationFailure, too large: bugs, not
 * outages.
 */
const faultsOfTheRequest = new Set([2, 9, 14, 15, 121, 10_334, 17_280, 17_419, 17_420])

const connectionGone = [
  MongoNotConnectedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
  MongoServerClosedError,
  MongoExpiredSessionError,
] as const

/**
 * The port's word for an error of the driver that says nothing of the request; any other error as
 * it is.
 */
export function unavailable(error: unknown): unknown {
  if (!(error instanceof MongoError) || isFaultOfTheRequest(error)) return error
  return new StoreUnavailable(`MongoDB did not confirm: ${error.message}; try again`, {
    cause: error,
  })
}

function isFaultOfTheRequest(error: MongoError): boolean {
  if (error instanceof MongoServerError) return faultsOfTheRequest.has(Number(error.code))
  return error instanceof MongoAPIError && !connectionGone.some((gone) => error instanceof gone)
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey
}

/**
 * The places in an unordered bulk that failed on a unique key while all others were written;
 * rethrows an error that says anything else.
 */
export function duplicatesIn(error: unknown): readonly number[] {
  if (!(error instanceof MongoBulkWriteError)) throw error
  const errors = writeErrorsOf(error)
  const others = errors.some(({ code }) => code !== duplicateKey)
  if (errors.length === 0 || others || error.result.getWriteConcernError()) throw error
  return errors.map(({ index }) => index)
}

function writeErrorsOf({ writeErrors }: MongoBulkWriteError): readonly WriteError[] {
  return 'index' in writeErrors ? [writeErrors] : writeErrors
}
