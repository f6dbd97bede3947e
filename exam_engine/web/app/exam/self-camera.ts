/**
 * The camera during the exam: one video element that pages may show anywhere, pictures from it on demand, and a word
 * for how it is. It comes back by itself when it can.
 */
import { shallowRef } from 'vue'
import { capture, closeCamera, openExamCamera, troubleOf, type CameraTrouble } from './camera'
import { CoverWatch, EVERY_MS, lightOf, POINTS } from './light'

/** `ended`: it was taken away or could not be opened (`trouble`); `muted`: the system sends no picture. */
export type SelfState = 'off' | 'opening' | 'on' | 'muted' | 'ended' | 'covered'

const AGAIN_MS = 5_000

export class SelfCamera {
  readonly video = document.createElement('video')
  state: SelfState = 'off'
  readonly trouble = shallowRef<CameraTrouble | null>(null)
  private stream: MediaStream | null = null
  private timer: ReturnType<typeof setInterval> | undefined
  private againTimer: ReturnType<typeof setTimeout> | undefined
  private readonly cover = new CoverWatch()
  private readonly pen = makePen()
  private wanted = false

  /** `since`: when what is told began, by `Date.now()`. */
  constructor(private readonly changed: (state: SelfState, since: number) => void) {
    this.video.muted = true
    this.video.playsInline = true
    this.video.setAttribute('playsinline', '')
  }

  async open(): Promise<void> {
    this.wanted = true
    clearTimeout(this.againTimer)
    clearInterval(this.timer)
    closeCamera(this.stream)
    if (!this.seesNothing) this.become('opening')
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError')
      const stream = await openExamCamera()
      if (!this.wanted) return closeCamera(stream)
      this.listen(stream)
      this.video.srcObject = stream
      await this.video.play()
      this.trouble.value = null
      this.timer = setInterval(() => this.look(), EVERY_MS)
      this.become(stream.getVideoTracks()[0]?.muted ? 'muted' : 'on')
    } catch (error) {
      if (this.wanted) this.lost(error)
    }
  }

  close(): void {
    this.wanted = false
    clearTimeout(this.againTimer)
    clearInterval(this.timer)
    closeCamera(this.stream)
    this.stream = null
    this.video.srcObject = null
    this.become('off')
  }

  /** The page was away and is back: what browsers take from hidden pages they give back now. */
  back(): void {
    if (!this.wanted) return
    this.cover.reset()
    if (this.state === 'ended') void this.open()
    else void this.video.play().catch(() => undefined)
  }

  /** A picture, or null when there is none to be had. */
  async shoot(): Promise<Blob | null> {
    if ((this.state !== 'on' && this.state !== 'covered') || this.video.videoWidth === 0) return null
    return (await capture(this.video)).picture
  }

  private get seesNothing(): boolean {
    return this.state === 'ended' || this.state === 'muted' || this.state === 'covered'
  }

  private listen(stream: MediaStream): void {
    this.stream = stream
    const [track] = stream.getVideoTracks()
    if (!track) return
    track.onended = () => this.stream === stream && this.lost(new DOMException('', 'NotReadableError'))
    track.onmute = () => this.stream === stream && this.become('muted')
    track.onunmute = () => this.stream === stream && this.become('on')
  }

  private lost(error: unknown): void {
    clearInterval(this.timer)
    closeCamera(this.stream)
    this.trouble.value = troubleOf(error)
    this.become('ended')
    this.againTimer = setTimeout(() => void this.open(), AGAIN_MS)
  }

  private look(): void {
    if (document.visibilityState !== 'visible' || !this.pen || this.video.videoWidth === 0) return
    if (this.state !== 'on' && this.state !== 'covered') return
    this.pen.drawImage(this.video, 0, 0, POINTS.width, POINTS.height)
    const light = lightOf(this.pen.getImageData(0, 0, POINTS.width, POINTS.height).data)
    const since = this.cover.look(light, Date.now())
    this.become(since === null ? 'on' : 'covered', since ?? Date.now())
  }

  private become(state: SelfState, since = Date.now()): void {
    if (state === this.state) return
    if (state !== 'covered') this.cover.reset()
    this.state = state
    this.changed(state, since)
  }
}

function makePen(): CanvasRenderingContext2D | null {
  const canvas = document.createElement('canvas')
  canvas.width = POINTS.width
  canvas.height = POINTS.height
  return canvas.getContext('2d', { willReadFrequently: true })
}
