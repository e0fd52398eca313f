/** Cells as columns, two spaces apart, for a terminal. The first row is the head. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => sizeOf(row[column]))),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - sizeOf(cell)))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function sizeOf(cell = ""): number {
  return Array.from(cell).length;
}
