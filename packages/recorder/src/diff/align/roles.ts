/**
 * Functions of different kernels that do the same work, by role. What a table maps is compared as one; that the names
 * differ still keeps a path from being called identical.
 */
const ROLES: readonly (readonly string[])[] = [
  ['change_page_range', 'pageattr_pte_entry'],
  ['apply_to_page_range', 'walk_kernel_page_table_range_lockless'],
  ['apply_to_existing_page_range', 'walk_kernel_page_table_range', 'walk_page_range_novma'],
  ['__change_memory_common', '___change_memory_common', 'update_range_prot'],
]

/** Name -> the name that stands for its role: its own where it has none. */
export type RoleOf = (fn: string) => string

/** The table, extended by a user's pairs: both names of a pair, and all that share their roles, become one. */
export function roleTable(map: Readonly<Record<string, string>> = {}): RoleOf {
  const roles = new Map<string, string>()
  for (const names of ROLES) for (const name of names) roles.set(name, names[0]!)
  for (const [left, right] of Object.entries(map)) {
    const kept = roles.get(left) ?? left
    const merged = roles.get(right) ?? right
    for (const [name, role] of roles) if (role === merged) roles.set(name, kept)
    roles.set(left, kept)
    roles.set(right, kept)
  }
  return (fn) => roles.get(fn) ?? fn
}
