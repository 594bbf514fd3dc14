/** Routes of code: archives under their hash, and packages under names. */
import { CodeArchive } from '../contract/workflow.ts';
import { listPackages, offerCode, pushPackage, putCode, showPackage } from './code.ts';
import { NoParams, PackagesParams } from './queries.ts';
import { type Route, route } from './route.ts';

export const codeRoutes: readonly Route[] = [
  route({
    op: 'offerCode',
    right: 'author',
    method: 'POST',
    path: '/v1/code',
    summary: 'Says whether an archive of code is here already, and where to put it if not.',
    body: { kind: 'json', name: 'CodeArchive', schema: CodeArchive },
    query: NoParams,
    status: 200,
    answer: 'CodeOffer',
    handle: offerCode,
  }),
  route({
    op: 'putCode',
    right: 'author',
    method: 'PUT',
    path: '/v1/code/:hash',
    summary:
      'Takes an archive of code (tar, gzip) under its SHA-256. Repeating it changes nothing.',
    body: { kind: 'bytes' },
    query: NoParams,
    status: 201,
    answer: 'CodeArchive',
    handle: putCode,
  }),
  route({
    op: 'pushPackage',
    right: 'author',
    method: 'PUT',
    path: '/v1/packages/:name',
    summary:
      'Makes an archive of code that is here a version of a package, and its last one. Repeating it changes nothing.',
    body: { kind: 'json', name: 'CodeArchive', schema: CodeArchive },
    query: NoParams,
    status: 201,
    answer: 'PackageVersion',
    handle: pushPackage,
  }),
  route({
    op: 'listPackages',
    right: 'viewer',
    method: 'GET',
    path: '/v1/packages',
    summary: 'Packages by name, each with the version that was pushed last.',
    query: PackagesParams,
    status: 200,
    answer: 'PageOfPackageSummary',
    handle: listPackages,
  }),
  route({
    op: 'getPackage',
    right: 'viewer',
    method: 'GET',
    path: '/v1/packages/:name',
    summary: 'One package with its versions.',
    query: NoParams,
    status: 200,
    answer: 'PackageView',
    handle: showPackage,
  }),
];
