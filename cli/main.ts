console.error('usage: fanfold <command>');
process.exit(2);
