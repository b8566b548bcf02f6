// The builder takes style sheets in; the compiler needs to know that they are no code.
declare module '*.css'
