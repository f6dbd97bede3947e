/** How a document lies in its pane: turned, and so large. Zoom 1 shows it whole. */

export interface View {
  zoom: number
  /** Quarter turns to the right. */
  turns: number
}

export const WHOLE: View = { zoom: 1, turns: 0 }
const ZOOM_STEP = 1.25
const ZOOM_MIN = 0.5
const ZOOM_MAX = 8

export function zoomed(view: View, steps: number): View {
  const zoom = view.zoom * ZOOM_STEP ** steps
  return { ...view, zoom: Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, Math.round(zoom * 1000) / 1000)) }
}

export function turned(view: View): View {
  return { ...view, turns: (view.turns + 1) % 4 }
}

export interface Size {
  width: number
  height: number
}

/** How much a document of this size (in its own units, not turned) is enlarged to lie in the box. */
export function scaleOf(size: Size, box: Size, view: View): number {
  const upright = view.turns % 2 === 0
  const [width, height] = upright ? [size.width, size.height] : [size.height, size.width]
  if (width <= 0 || height <= 0) return 1
  return Math.max(0, Math.min(box.width / width, box.height / height)) * view.zoom
}

/** A page larger than this is drawn coarser: a document must not take the browser down. */
const CANVAS_PIXELS_MAX = 16_000_000

/** How many pixels of a canvas to one of the page, so that the whole stays within bounds. */
export function sharpness(width: number, height: number, ratio: number): number {
  const pixels = width * height * ratio * ratio
  return pixels <= CANVAS_PIXELS_MAX ? ratio : ratio * Math.sqrt(CANVAS_PIXELS_MAX / pixels)
}

/** The neighbour in a row of `count`; the ends stay where they are. */
export function neighbour(at: number, by: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at + by))
}
