// Which rows of a long list are to be drawn.

export interface Range {
  first: number;
  end: number; // one behind the last
}

// `top`: where the list begins, in pixels below the upper edge of what is seen (negative: above).
export function visible(top: number, height: number, row: number, rows: number, spare = 8): Range {
  const first = Math.max(0, Math.floor(-top / row) - spare);
  const end = Math.min(rows, Math.ceil((height - top) / row) + spare);
  return { first: Math.min(first, rows), end: Math.max(end, Math.min(first, rows)) };
}
