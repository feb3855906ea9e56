const charactersMax = 200

/** A user's file name without folders, control characters and lone surrogates, at most 200 characters; may be empty. */
export function cleanFileName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const printable = last.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e]/gu, '').trim()
  return shortenName(printable)
}

/** The header value that shows a file in place and names it when it is saved (RFC 6266, RFC 8187). */
export function formatInlineDisposition(name: string): string {
  return formatDisposition('inline', name)
}

/** The header value that has a file saved under a name. */
export function formatAttachmentDisposition(name: string): string {
  return formatDisposition('attachment', name)
}

function formatDisposition(kind: 'inline' | 'attachment', name: string): string {
  const clean = cleanFileName(name)
  if (clean === '') return kind
  const ascii = clean.replace(/[^\u0020-\u007e]/gu, '_').replace(/["\\%]/g, '_')
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encodeStrictly(clean)}`
}

/** Percent-encodes everything but letters, digits and `-._~`, so that no reader can write the same text otherwise. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Keeps the extension when a name is cut, and cuts between characters. */
function shortenName(name: string): string {
  const characters = [...name]
  if (characters.length <= charactersMax) return name
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? ''
  return characters.slice(0, charactersMax - extension.length).join('') + extension
}
