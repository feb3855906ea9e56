/** IBM code page 437 from 0x80 up, as Unicode's CP437.TXT maps it; below, it is ASCII. */
const upperHalf =
  'ÇüéâäàåçêëèïîìÄÅ' +
  'ÉæÆôöòûùÿÖÜ¢£¥₧ƒ' +
  'áíóúñÑªº¿⌐¬½¼¡«»' +
  '░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧' +
  '╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀' +
  'α\u00dfΓπΣσ\u00b5τΦΘΩδ∞φε∩' +
  '≡±≥≤⌠⌡÷≈\u00b0∙\u00b7√ⁿ²■\u00a0'

/** What a ZIP's names are in where nothing says otherwise. */
export function decodeCp437(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    text += byte < 0x80 ? String.fromCharCode(byte) : upperHalf.charAt(byte - 0x80)
  }
  return text
}
