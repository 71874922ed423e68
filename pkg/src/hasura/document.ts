import { CountersignError } from '../errors.js'

/** A GraphQL document: text, a `DocumentNode` or `TypedDocumentNode` (`gql`), or a `TypedDocumentString` (codegen, gql.tada). */
export type Document<R, V> = string | (object & { __apiType?: (variables: V) => R })

interface Node {
  kind?: string
  loc?: { source?: { body?: string } }
  definitions?: readonly { kind?: string; name?: { value?: string } }[]
}

/** The text of a document, and the name of its operation where it has exactly one and says it. */
export const readDocument = (document: unknown, print?: (document: any) => string): { query: string; operationName?: string } => {
  if (typeof document === 'string') return { query: document }
  // TypedDocumentString is a String object.
  if (document instanceof String) return { query: document.toString() }
  const node = document as Node | null
  const operations = node?.definitions?.filter((definition) => definition.kind === 'OperationDefinition')
  // `print` first: the source of a document that was assembled from fragments may hold one of them twice, its tree does not.
  const query = print && node?.kind === 'Document' ? print(document) : node?.loc?.source?.body
  if (typeof query !== 'string' || !query)
    throw new CountersignError(
      'option_invalid',
      node?.kind === 'Document'
        ? "hasura: this document has no source text. Pass `print` of 'graphql' to HasuraClient"
        : 'hasura: the document must be a string, a DocumentNode or a TypedDocumentString',
      { backend: 'hasura' },
    )
  const name = operations?.length === 1 ? operations[0]?.name?.value : undefined
  return name ? { query, operationName: name } : { query }
}
