import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const container = path.resolve(import.meta.dirname, '../../../inference-container')
const python = path.join(container, '.venv/bin/python')

export interface Clip {
  readonly film: Uint8Array<ArrayBuffer>
  readonly mask: Uint8Array<ArrayBuffer>
}

/** A film of 640×360 with sound and a moving logo, and the video of its mask; as the repository's script makes them. */
export function makeClip(seconds: number): Clip {
  const folder = mkdtempSync(path.join(tmpdir(), 'clip-'))
  const script = path.join(container, 'scripts/make_media.py')
  execFileSync(python, [script, 'clip', folder, '--seconds', String(seconds)])
  const read = (name: string) => new Uint8Array(readFileSync(path.join(folder, name)))
  return { film: read('clip.mp4'), mask: read('clip-mask.mp4') }
}

export interface VideoFacts {
  /** Seconds from the first frame, of each frame that decodes. */
  readonly times: readonly number[]
  readonly codec: string
  readonly pixelFormat: string
  readonly size: readonly [number, number]
  /** The sound's packets, as one hash; empty where there is no sound. */
  readonly sound: string
  /** Levels of red, green and blue in the middle of the first frame. */
  readonly middle: readonly [number, number, number]
}

const ruler = `
import av, json, sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from make_media import LOGO, draw_scene, place_logo
with av.open(sys.argv[1]) as container:
    frames = [frame.to_ndarray(format="rgb24").astype(float) for frame in container.decode(video=0)]
height, width = frames[0].shape[:2]
errors = []
for index, frame in enumerate(frames):
    left, top = place_logo(width, height, index / len(frames))
    hole = np.s_[top : top + LOGO, left : left + LOGO]
    errors.append(np.abs(frame[hole] - draw_scene(width, height, index * 2)[hole]).mean())
print(json.dumps(float(np.mean(errors))))
`

/** How many levels a repaired clip is off on average where the logo was, from the scene that the logo hides. */
export function measureHole(bytes: Uint8Array): number {
  return JSON.parse(runOn(bytes, ruler, path.join(container, 'scripts')))
}

const inspector = `
import av, hashlib, json, sys
with av.open(sys.argv[1]) as container:
    sound = hashlib.sha256()
    for packet in container.demux(audio=0) if container.streams.audio else []:
        sound.update(bytes(packet))
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    frames = list(container.decode(stream))
    first = frames[0].to_ndarray(format="rgb24")
    print(json.dumps({
        "times": [round(float((f.pts - frames[0].pts) * f.time_base), 4) for f in frames],
        "codec": stream.codec_context.name, "pixelFormat": stream.codec_context.pix_fmt,
        "size": [stream.width, stream.height], "sound": sound.hexdigest() if container.streams.audio else "",
        "middle": [int(level) for level in first[first.shape[0] // 2, first.shape[1] // 2]],
    }))
`

/** What FFmpeg finds in a video, by way of PyAV. */
export function inspectVideo(bytes: Uint8Array): VideoFacts {
  return JSON.parse(runOn(bytes, inspector))
}

function runOn(bytes: Uint8Array, script: string, ...values: string[]): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'film-')), 'film.mp4')
  writeFileSync(file, bytes)
  return execFileSync(python, ['-c', script, file, ...values], { encoding: 'utf8' })
}
