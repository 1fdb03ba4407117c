/** Those that the modelled calls return. */
const NAMES: Readonly<Record<number, string>> = {
  12: 'ENOMEM',
  14: 'EFAULT',
  16: 'EBUSY',
  22: 'EINVAL',
}

/** A return value as the kernel's source writes it: `0`, `-EINVAL`, `-95`. */
export function errnoText(ret: number | null): string {
  if (ret === null) return '?'
  const name = NAMES[-ret]
  return name === undefined ? String(ret) : `-${name}`
}
