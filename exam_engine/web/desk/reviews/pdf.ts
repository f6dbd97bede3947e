/**
 * PDF evidence, read page by page and drawn on a canvas. The library and its worker come with the first PDF somebody
 * opens; the worker is a file of ours, nothing is evaluated, and no script in a document is ever run.
 */

import type { PDFDocumentLoadingTask } from 'pdfjs-dist'
import { PDF_DATA } from './pdf_data'

/** A page larger than this is drawn coarser: a document must not take the browser down. */
const CANVAS_PIXELS_MAX = 16_000_000
const IMAGE_PIXELS_MAX = 64_000_000

type Opens = (bytes: ArrayBuffer) => PDFDocumentLoadingTask

let opening: Promise<Opens> | null = null

async function load(): Promise<Opens> {
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const port = new Worker(new URL('pdfjs-dist/legacy/build/pdf.worker.mjs', import.meta.url), { type: 'module' })
  const worker = new pdfjs.PDFWorker({ port })
  return (bytes) =>
    pdfjs.getDocument({
      data: bytes,
      worker,
      cMapUrl: `${PDF_DATA}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${PDF_DATA}standard_fonts/`,
      wasmUrl: new URL(`${PDF_DATA}wasm/`, location.href).href,
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

/** How many pixels of a canvas to one of the page, so that the whole stays within bounds. */
export function sharpness(width: number, height: number, ratio: number): number {
  const pixels = width * height * ratio * ratio
  return pixels <= CANVAS_PIXELS_MAX ? ratio : ratio * Math.sqrt(CANVAS_PIXELS_MAX / pixels)
}
