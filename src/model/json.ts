// JSON as a type. Browser-safe.

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

export type JsonObject = Extract<Json, { readonly [key: string]: Json | undefined }>
