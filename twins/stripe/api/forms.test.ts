import { describe, expect, test } from 'vitest'
import { decodeForm } from './forms.ts'

describe('a form as the SDKs write it', () => {
  test.each`
    form                                     | tree                                           | why
    ${'name=Ada+L%C3%B8ve&phone='}           | ${{ name: 'Ada Løve', phone: '' }}             | ${'plain fields, an empty one kept'}
    ${'metadata[a]=1&metadata[b]=2'}         | ${{ metadata: { a: '1', b: '2' } }}            | ${'an object'}
    ${'items[0][price]=p&items[1][price]=q'} | ${{ items: [{ price: 'p' }, { price: 'q' }] }} | ${'a list of objects'}
    ${'expand[]=a&expand[]=b'}               | ${{ expand: ['a', 'b'] }}                      | ${'a list without numbers'}
    ${'types[10]=b&types[2]=a'}              | ${{ types: ['a', 'b'] }}                       | ${'a list by its numbers, not their digits'}
    ${'a[b][c][d]=1'}                        | ${{ a: { b: { c: { d: '1' } } } }}             | ${'deep'}
    ${'a=1&a=2'}                             | ${{ a: '2' }}                                  | ${'the last of two wins'}
    ${''}                                    | ${{}}                                          | ${'nothing'}
    ${'?limit=3'}                            | ${{ limit: '3' }}                              | ${'a query with its mark'}
  `('is read: $why', ({ form, tree }) => {
    expect(decodeForm(form)).toEqual(tree)
  })

  test.each(['__proto__[x]=1', 'a[__proto__][x]=1', 'constructor[prototype][x]=1'])(
    'does not reach prototypes by %s',
    (form) => {
      expect(() => decodeForm(form)).toThrow('unknown parameter')
      expect({}).not.toHaveProperty('x')
    },
  )
})
