/** The front camera: open it, tell in one word why not, and take a picture of 480×640. */

export type CameraTrouble = 'denied' | 'none' | 'busy' | 'insecure'

export const WIDTH = 480
export const HEIGHT = 640
const QUALITY = 0.7
const DARK = 45 // mean brightness of 255 below which a face can hardly be seen

export function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  return 'busy'
}

export async function openCamera(): Promise<MediaStream> {
  const video = { facingMode: 'user', width: { ideal: 640 }, height: { ideal: 640 } }
  return navigator.mediaDevices.getUserMedia({ video, audio: false })
}

/** For pictures now and then, hours long: few frames, so that a cheap phone stays cool. */
export async function openExamCamera(): Promise<MediaStream> {
  const size = { width: { ideal: 640 }, height: { ideal: 640 } }
  const video = { facingMode: 'user', ...size, frameRate: { ideal: 10 } }
  return navigator.mediaDevices.getUserMedia({ video, audio: false })
}

export const closeCamera = (stream: MediaStream | null): void => stream?.getTracks().forEach((track) => track.stop())

/** The middle of the picture, upright 3:4, as JPEG; `dark` when there is hardly any light. */
export async function capture(video: HTMLVideoElement): Promise<{ picture: Blob; dark: boolean }> {
  const canvas = document.createElement('canvas')
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no canvas')
  const scale = Math.max(WIDTH / video.videoWidth, HEIGHT / video.videoHeight)
  const [width, height] = [WIDTH / scale, HEIGHT / scale]
  const [left, top] = [(video.videoWidth - width) / 2, (video.videoHeight - height) / 2]
  pen.drawImage(video, left, top, width, height, 0, 0, WIDTH, HEIGHT)
  const dark = brightness(pen) < DARK
  return { picture: await asJpeg(canvas), dark }
}

function asJpeg(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', QUALITY)
  })
}

function brightness(pen: CanvasRenderingContext2D): number {
  const { data } = pen.getImageData(WIDTH / 4, HEIGHT / 4, WIDTH / 2, HEIGHT / 2)
  let sum = 0
  let count = 0
  for (let i = 0; i < data.length; i += 4 * 97) {
    sum += ((data[i] ?? 0) + (data[i + 1] ?? 0) + (data[i + 2] ?? 0)) / 3
    count += 1
  }
  return sum / Math.max(1, count)
}
