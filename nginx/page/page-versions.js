// Which of two tags is the later version. Nothing here touches the document.

export const natural = new Intl.Collator('en', { numeric: true });

const version = /^v?(\d+(?:\.\d+)*)(|[-+_].*)$/;

// Above 0: a is the later one. 1.27.3 before 1.27 before 1.27-alpine before latest.
export function compareTags(a, b) {
  const [, x, xRest] = version.exec(a) ?? [], [, y, yRest] = version.exec(b) ?? [];
  if (x === undefined || y === undefined) {
    return (x === undefined ? 0 : 1) - (y === undefined ? 0 : 1) || natural.compare(a, b);
  }
  const left = x.split('.'), right = y.split('.');
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (Number(left[i]) !== Number(right[i])) return Number(left[i]) - Number(right[i]);
  }
  return left.length - right.length || (xRest === '' ? 1 : 0) - (yRest === '' ? 1 : 0) || natural.compare(xRest, yRest);
}
