/** Why a file could not be read, in words for whoever named it. */
export function whyUnreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return 'there is no such file';
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'it may not be read';
  if (error.code === 'EISDIR') return 'is a folder';
  return error.message;
}
