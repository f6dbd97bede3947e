/** A file somebody chose, made into what the server takes as evidence: jpg, png or pdf of at most 5 MB. */
import { Problem } from '@shared/problem'

export const BYTES_MAX = 5 * 1024 * 1024 // exam_engine/edge/documents.py
export const FILES_MAX = 9 // exam_engine/registration/forms.py
export const ROWS_MAX = 30
const TITLE_MAX = 120
const SIDE_MAX = 2_400 // a page of print stays easy to read
const QUALITIES = [0.85, 0.7, 0.5]

export const ACCEPTED = 'image/jpeg,image/png,application/pdf,.jpg,.jpeg,.png,.pdf'

type Kind = 'picture' | 'other-picture' | 'pdf' | 'unknown'

export function kindOf(file: { type: string; name: string }): Kind {
  if (/^image\/(jpeg|png)$/.test(file.type) || (!file.type && /\.(jpe?g|png)$/i.test(file.name))) return 'picture'
  if (file.type === 'application/pdf' || (!file.type && /\.pdf$/i.test(file.name))) return 'pdf'
  return file.type.startsWith('image/') ? 'other-picture' : 'unknown'
}

/** A name the server keeps: one line, not too long. */
export function titleOf(name: string, otherwise: string): string {
  const plain = name.replace(/[\u0000-\u001f\u007f]/g, ' ').trim()
  const generic = /^(image|photo|capture|blob)?\.?(jpe?g|png)?$/i.test(plain)
  return [...(generic ? otherwise : plain)].slice(0, TITLE_MAX).join('')
}

/** Pictures too large, or of another kind the browser can read, are drawn anew. Throws a Problem with a code of ours. */
export async function prepared(file: File): Promise<Blob> {
  const kind = kindOf(file)
  if (file.size === 0) throw new Problem('upload.empty', 400)
  if (kind === 'unknown') throw new Problem('upload.wrongKind', 400)
  if (kind !== 'other-picture' && file.size <= BYTES_MAX) return file
  if (kind === 'pdf') throw new Problem('upload.tooLarge', 400)
  const smaller = await redrawn(file).catch(() => null)
  if (!smaller) throw new Problem(kind === 'picture' ? 'upload.tooLarge' : 'upload.wrongKind', 400)
  return smaller
}

async function redrawn(file: Blob): Promise<Blob | null> {
  const url = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    return await jpegOf(image)
  } finally {
    URL.revokeObjectURL(url)
  }
}

async function jpegOf(image: HTMLImageElement): Promise<Blob | null> {
  const scale = Math.min(1, SIDE_MAX / Math.max(image.naturalWidth, image.naturalHeight))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(image.naturalWidth * scale)
  canvas.height = Math.round(image.naturalHeight * scale)
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  for (const quality of QUALITIES) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality))
    if (blob && blob.size <= BYTES_MAX) return blob
  }
  return null
}
