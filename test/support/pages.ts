/**
 * Whether a path is a page's, or that of what pages load. Pages are for people, and llms.txt is one of them: nobody
 * generates a client for them, so that the API's document does not list them.
 */
export const isPage = (path: string) => /^\/(docs(\/.*)?|llms\.txt)$/.test(path)
