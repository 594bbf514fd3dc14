import './styles/main.css';
import { render } from 'preact';
import { Shell } from './views/shell.tsx';

render(<Shell />, document.body);
