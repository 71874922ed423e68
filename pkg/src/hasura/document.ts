/**
 * A GraphQL document: text, a `DocumentNode` or `TypedDocumentNode` (`gql`), a `TypedDocumentString` (codegen, gql.tada), or a
 * {@link StoredDocument}. Where its type says what it takes and gives, `request` infers both.
 */
export type Document<R, V> = string | (object & { __apiType?: (variables: V) => R })

/** A document that the server (or what stands before it) knows by a name: what is sent has no `query`. Its members go out as they are. */
export interface StoredDocument<R = any, V = Record<string, unknown>> {
  id?: string
  documentId?: string
  /** For instance `{ persistedQuery: { version: 1, sha256Hash } }`. */
  extensions?: Record<string, unknown>
  /** Never set: the types of the result and of the variables. */
  __apiType?: (variables: V) => R
}

/** What one operation consists of. */
export interface Operation {
  document: unknown
  variables?: unknown
  operationName?: string | undefined
  extensions?: Record<string, unknown> | undefined
}

interface Node extends StoredDocument {
  kind?: string
  loc?: { source?: { body?: string } }
  definitions?: readonly { kind?: string; name?: { value?: string } }[]
}

/** What is sent for an operation. The name of the operation where there is one only and nothing else is said. Throws what only invalid.ts puts into words. */
export const payload = ({ document, variables, operationName, extensions }: Operation, print?: (document: any) => string): Record<string, unknown> => {
  const node = document as Node
  const { kind, definitions, id, documentId } = node
  // `print` first: the source of a document that was assembled from fragments may hold one of them twice, its tree does not.
  // TypedDocumentString is a String object.
  const query = typeof node === 'string' || node instanceof String ? `${node}` : print && kind === 'Document' ? print(node) : node.loc?.source?.body
  const operations = definitions?.filter((definition) => definition.kind === 'OperationDefinition')
  extensions ??= node.extensions
  if (!query && (kind || !(id ?? documentId ?? extensions))) throw 'document'
  return { query, id, documentId, variables, operationName: operationName ?? (operations?.length === 1 ? operations[0]!.name?.value : undefined), extensions }
}
