// A module hook: the SDK's modules name each other without ".js", as bundlers take it and Node does not.
import { register } from 'node:module';

const hook = `export async function resolve(name, context, next) {
  try { return await next(name, context); } catch (error) {
    if (!name.startsWith('.') || name.endsWith('.js')) throw error;
    return next(name + '.js', context);
  }
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
