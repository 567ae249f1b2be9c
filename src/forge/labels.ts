/**
 * What is to be done about labels, which forges tell apart without regard to case: those to add, which it has not,
 * and those to remove, which it has, as they are spelled there.
 */
export function labelChanges(
  has: readonly string[],
  { add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] },
): { add: string[]; remove: string[] } {
  const known = new Set(has.map((label) => label.toLowerCase()));
  const gone = new Set(remove.map((label) => label.toLowerCase()));
  return {
    add: add.filter((label) => !known.has(label.toLowerCase()) && !gone.has(label.toLowerCase())),
    remove: has.filter((label) => gone.has(label.toLowerCase())),
  };
}
