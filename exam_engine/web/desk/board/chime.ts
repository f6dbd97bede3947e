/** Two short tones. Made here: there is no sound file, and a desk without sound simply stays silent. */

let context: AudioContext | null = null

export function chime(): void {
  try {
    context ??= new AudioContext()
    if (context.state === 'suspended') void context.resume()
    tone(context, 880, 0)
    tone(context, 1175, 0.16)
  } catch {
    // no sound on this machine
  }
}

function tone(audio: AudioContext, hertz: number, afterS: number): void {
  const at = audio.currentTime + afterS
  const oscillator = audio.createOscillator()
  const volume = audio.createGain()
  oscillator.frequency.value = hertz
  volume.gain.setValueAtTime(0.12, at)
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.25)
  oscillator.connect(volume).connect(audio.destination)
  oscillator.start(at)
  oscillator.stop(at + 0.26)
}
