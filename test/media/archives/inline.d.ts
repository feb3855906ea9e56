declare module '*?url&inline' {
  /** The file as a data URL. */
  const url: string
  export default url
}
