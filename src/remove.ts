/** Takes one out of a list of few: as quick as a Set of so few, and without its table. */
export function remove<T>(list: T[], one: T): void {
  const place = list.indexOf(one);
  if (place >= 0) list.splice(place, 1);
}
