/** Under which CloudWatch has the metrics of all deployments of an account and region. */
export const metricsNamespace = 'Fanfold';
