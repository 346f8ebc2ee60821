import { describe, expect, test } from 'vitest'
import { instant, isInstant } from './instant.ts'

describe('an instant', () => {
  test.each`
    text                           | is       | why
    ${'2028-02-29T00:00:00.000Z'}  | ${true}  | ${'a leap day'}
    ${'2027-12-31T23:59:59.999Z'}  | ${true}  | ${'the last moment of a year'}
    ${'2027-02-29T00:00:00.000Z'}  | ${false} | ${'a leap day of another year'}
    ${'2027-02-30T00:00:00.000Z'}  | ${false} | ${'a day that no February has'}
    ${'2027-04-31T00:00:00.000Z'}  | ${false} | ${'a day that April has not'}
    ${'2027-01-32T00:00:00.000Z'}  | ${false} | ${'a day that no month has'}
    ${'2027-00-10T00:00:00.000Z'}  | ${false} | ${'no month'}
    ${'2027-01-00T00:00:00.000Z'}  | ${false} | ${'no day'}
    ${'2027-01-10T24:00:00.000Z'}  | ${false} | ${'midnight is written as the next day'}
    ${'2027-01-10T23:60:00.000Z'}  | ${false} | ${'a minute too many'}
    ${'2027-01-10T00:00:00Z'}      | ${false} | ${'without milliseconds it would not sort'}
    ${'+010000-01-01T00:00:00.0Z'} | ${false} | ${'years have four digits'}
    ${1_800_000_000_000}           | ${false} | ${'a number is none'}
  `('is a moment that exists, written one way: $why', ({ text, is }) => {
    expect(isInstant(text)).toBe(is)
  })

  test.each([-62_167_219_200_001, 253_402_300_800_000])(
    'is never of a year without four digits: %i ms',
    (ms) => {
      expect(() => instant(ms)).toThrow(RangeError)
      const near = instant(ms < 0 ? ms + 1 : ms - 1)
      expect(isInstant(near)).toBe(true)
    },
  )
})
