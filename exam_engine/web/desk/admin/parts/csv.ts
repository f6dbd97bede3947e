/** A table as a file for spreadsheets. */

/** With a byte order mark, so that spreadsheets read it as UTF-8. */
export function asCsv(rows: readonly (readonly (string | number)[])[]): string {
  return '\ufeff' + rows.map((row) => row.map((value) => cell(String(value))).join(',') + '\r\n').join('')
}

/** What comes from outside and a spreadsheet would take for a formula is made text. */
function cell(value: string): string {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain
}

/** Hand a text to the person as a file. */
export function keepAsFile(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}
