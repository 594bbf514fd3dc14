/** Where the secrets of a namespace lie; in Parameter Store with a slash before it. */
export const secretsPrefix = (namespace: string): string => `fanfold/${namespace}/`;
