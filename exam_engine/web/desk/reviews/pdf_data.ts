/** Where the build puts what PDFs need beside the library: character maps and fonts (tooling/pdf-data.ts). */

declare const __PDF_DATA__: string

export const PDF_DATA = __PDF_DATA__
