/**
 * PDF evidence, read page by page and drawn on a canvas. The library and its worker come with the first PDF somebody
 * opens; the worker is a file of ours, nothing is evaluated, and no script in a document is ever run.
 */

import type { PDFDocumentLoadingTask } from 'pdfjs-dist'

/** Where the build puts character maps and fonts (tooling/pdf-data.ts). */
declare const __PDF_DATA__: string

/** A picture in a document that is larger is left out: it must not take the browser down. */
const IMAGE_PIXELS_MAX = 64_000_000

type Opens = (bytes: ArrayBuffer) => PDFDocumentLoadingTask

let opening: Promise<Opens> | null = null

async function load(): Promise<Opens> {
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const port = new Worker(new URL('pdfjs-dist/legacy/build/pdf.worker.mjs', import.meta.url), { type: 'module' })
  const worker = new pdfjs.PDFWorker({ port: port as unknown as null }) // described as null only
  return (bytes) =>
    pdfjs.getDocument({
      data: bytes,
      worker,
      cMapUrl: `${__PDF_DATA__}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${__PDF_DATA__}standard_fonts/`,
      wasmUrl: new URL(`${__PDF_DATA__}wasm/`, location.href).href,
      useWasm: false,
      isEvalSupported: false,
      enableXfa: false,
      maxImageSize: IMAGE_PIXELS_MAX,
    })
}

export async function openPdf(bytes: ArrayBuffer): Promise<PDFDocumentLoadingTask> {
  opening ??= load()
  try {
    return (await opening)(bytes)
  } catch (error) {
    opening = null // the next document asks for the library again
    throw error
  }
}
