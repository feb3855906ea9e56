/** What no file system, and no reader of archives, makes something else of. */
const unsafeCharacters = /[<>:"/\\|?*\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e]/gu
const charactersMax = 150

/**
 * Names of one folder of an archive, each given once: a name that is taken, in any case of its letters, gets a number.
 * `photo.png`, `photo (2).png`, `photo (3).png`.
 */
export function createNamer(taken: readonly string[] = []): (wanted: string) => string {
  const used = new Set(taken.map(keyOf))
  const counts = new Map<string, number>()
  return (wanted) => {
    const name = makeSafe(wanted)
    const { stem, ending } = split(name)
    let count = counts.get(keyOf(name)) ?? 1
    let free = name
    while (used.has(keyOf(free))) {
      count += 1
      free = `${stem} (${count})${ending}`
    }
    counts.set(keyOf(name), count)
    used.add(keyOf(free))
    return free
  }
}

/** `frame_000001.png` for the first frame. */
export function frameFileName(frame: { index: number; resultKey: string }): string {
  return `frame_${String(frame.index + 1).padStart(6, '0')}${endingOf(frame.resultKey)}`
}

/** The name without its ending: what a video's frames lie in. */
export function stemOf(name: string): string {
  return split(name).stem
}

function makeSafe(name: string): string {
  const { stem, ending } = split(name.toWellFormed().replace(unsafeCharacters, '_'))
  const short = [...stem].slice(0, charactersMax).join('')
  // Windows drops points and spaces at an end, and a name of points alone would lead out of its folder.
  return `${short.trim().replace(/^\.+|[. ]+$/g, '') || '_'}${ending}`
}

function split(name: string): { stem: string; ending: string } {
  const ending = endingOf(name)
  return { stem: name.slice(0, name.length - ending.length), ending }
}

function endingOf(name: string): string {
  return /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? ''
}

/** Alike for file systems that do not tell large letters from small ones, or one way to write an accent from another. */
function keyOf(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
