/** A picture chosen from the phone's album, made into what the server takes: JPEG, upright, not too large. */

const SIDE_MAX = 960
const QUALITIES = [0.88, 0.7, 0.5]
const BYTES_MAX = 1024 * 1024

export async function jpegOf(file: Blob): Promise<Blob> {
  const image = await decode(file)
  const scale = Math.min(1, SIDE_MAX / Math.max(image.naturalWidth, image.naturalHeight))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(image.naturalWidth * scale)
  canvas.height = Math.round(image.naturalHeight * scale)
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no canvas')
  pen.drawImage(image, 0, 0, canvas.width, canvas.height)
  for (const quality of QUALITIES) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality))
    if (blob && blob.size <= BYTES_MAX) return blob
  }
  throw new Error('too large')
}

/** A picture of nothing. */
export function greyJpeg(): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 160
  const pen = canvas.getContext('2d')
  if (pen) {
    pen.fillStyle = '#808080'
    pen.fillRect(0, 0, 160, 160)
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg')
  })
}

async function decode(file: Blob): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    return image
  } finally {
    URL.revokeObjectURL(url)
  }
}
