export { identityOf, isAlive, type ProcessIdentity } from './identity.ts';
export { isPortFree, type PortOwner, portOwner } from './port.ts';
export { Printer } from './printer.ts';
export { type ReadinessOptions, untilReady } from './readiness.ts';
export type { RestartPolicy, Service, ServiceDefinition, ServiceState } from './service.ts';
export {
  AlreadyRunningError,
  type Supervisor,
  type SupervisorOptions,
  startSupervisor,
} from './supervisor.ts';
