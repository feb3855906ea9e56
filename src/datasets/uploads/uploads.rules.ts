const prefix = 'dataset_upload_'

/** The operation id under which an upload's tokens are reserved. */
export function uploadOperationId(uploadId: string): string {
  return `${prefix}${uploadId}`
}

export function uploadIdOf(operationId: string): string {
  return operationId.slice(prefix.length)
}
