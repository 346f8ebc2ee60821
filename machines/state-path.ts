/** Whether a state value is in the state that the path names, such as `status.open.charging`. */
export function isIn(value: unknown, path: string): boolean {
  return path.split('.').every((name, place, names) => {
    const here = names.slice(0, place).reduce<unknown>(inside, value)
    return here === name || (typeof here === 'object' && here !== null && name in here)
  })
}

function inside(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
