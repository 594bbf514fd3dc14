package Fanfold;

use strict;
use warnings;
use Exporter 'import';
use IO::Handle ();

our $VERSION   = '0.1.0';
our @EXPORT_OK = qw(beat progress log spawn once input output task);

=head1 NAME

Fanfold - tasks of Fanfold workflows in Perl

=head1 SYNOPSIS

  use Fanfold qw(input output progress);

  my $in = input();                # what the task's `with` says
  progress('loading', 0.1);        # people see: at "loading" since 14:03, 10 %
  output({ rows => 42 });

A sub in a file, C<sub resize { my ($input, $task) = @_; ... }>, is called in a warm process by
C<< function: tasks/pictures.pl#resize >>; C<$task> has the same as methods. Optional: PROTOCOL.md says what a program does
without it. Outside of a task, input is undef and what is said goes nowhere.

=head1 FUNCTIONS

=head2 input, output($value)

The task's input and output, as JSON has values; text is characters, true and false are those of L<JSON::PP>.

=head2 beat, progress($step, $fraction), log(@values), spawn(%request)

Signs of life, where the task is (C<$fraction> is 0 to 1), a line for its log, a sub-task: C<< spawn(with => { n => 1 },
key => 'part-1', run => {...}, detached => 1) >>, of which none is needed.

=head2 once($key, $sub)

Runs C<$sub> unless an attempt at this task has already run it to its end under this key; gives what it gave, at most 64 KB
of JSON. PROTOCOL.md says what is promised.

=head2 Fanfold::main(%subs)

Makes a program of subs as warm processes call them: runs the one that the first argument names. When the attempt is to
stop, it dies with a C<Fanfold::Cancelled>.

=cut

# A fast one where it is installed; Perl's own does the same.
sub json {
  for my $module (qw(Cpanel::JSON::XS JSON::XS JSON::PP)) {
    return $module->new->utf8->allow_nonref if eval "require $module; 1";    ## no critic
  }
  die 'no module for JSON';
}

my ($control, $json);
my $task;

sub task { return $task //= Fanfold::Program->new }

sub beat            { task()->beat }
sub progress        { task()->progress(@_) }
sub log             { task()->log(@_) }
sub spawn           { task()->spawn(@_) }
sub once            { return task()->once(@_) }

sub input {
  return undef unless defined $ENV{TASK_INPUT};
  open my $file, '<:raw', $ENV{TASK_INPUT} or die "$ENV{TASK_INPUT}: $!";
  local $/;
  return json()->decode(<$file>);
}

sub output {
  my ($value) = @_;
  return unless defined $ENV{TASK_OUTPUT};
  open my $file, '>:raw', $ENV{TASK_OUTPUT} or die "$ENV{TASK_OUTPUT}: $!";
  print $file json()->encode($value);
  close $file or die "$ENV{TASK_OUTPUT}: $!";
}

sub main {
  my %subs = @_;
  my $name = $ARGV[0] // '';
  my $sub  = $subs{$name} or die "no sub \"$name\": there are " . join(', ', sort keys %subs) . "\n";
  local $SIG{TERM} = sub {
    task()->{cancelled} = 1;
    die bless { message => 'the attempt was cancelled' }, 'Fanfold::Cancelled';
  };
  output(scalar $sub->(input(), task()));
}

# What task code sees of its attempt.
package Fanfold::Task;

sub run        { return $_[0]{run} }
sub workflow   { return $_[0]{workflow} }
sub id         { return $_[0]{task} }
sub attempt    { return $_[0]{attempt} }
sub artifacts  { return $_[0]{artifacts} }
sub inputs     { return $_[0]{inputs} }
sub cancelled  { return $_[0]{cancelled} ? 1 : 0 }
sub folder     { return $ENV{TMPDIR} // '/tmp' }
sub beat       { $_[0]->say_to_control({ beat => {} }) }

sub progress {
  my ($self, $step, $fraction) = @_;
  my %said = (step => "$step");
  $said{progress} = $fraction + 0 if defined $fraction;
  $self->say_to_control(\%said);
}

sub spawn {
  my ($self, %request) = @_;
  $request{key} = "$request{key}" if defined $request{key};
  $request{detached} = $request{detached} ? \1 : \0 if exists $request{detached};
  $self->say_to_control({ spawn => \%request });
}

# Runs a sub unless an attempt at this task has already run it to its end under this key; gives what it gave, a scalar.
sub once {
  my ($self, $key, $effect) = @_;
  my $told = $self->told({ key => "$key" });
  while ($told->{wait}) {
    select undef, undef, undef, $told->{wait} / 1000;
    $told = $self->told({ key => "$key" });
  }
  return $told->{value} unless $told->{mine};
  my $value = $effect->();
  $told = $self->told({ key => "$key", value => $value });
  return exists $told->{value} ? $told->{value} : $value;
}

sub told {
  my ($self, $asked) = @_;
  my $answer = $self->ask($asked, ++$self->{asks});
  die "once: $answer->{error}\n" if defined $answer->{error};
  return $answer;
}

package Fanfold::Program;

our @ISA = ('Fanfold::Task');

sub new {
  my ($class) = @_;
  my %self = map { $_ => $ENV{"TASK_\U$_"} } qw(run workflow attempt artifacts inputs);
  return bless { %self, task => $ENV{TASK_ID}, attempt => ($self{attempt} // 1) + 0 }, $class;
}

sub say_to_control {
  my ($self, $message) = @_;
  return unless defined $ENV{TASK_CONTROL};
  if (!$control) {
    open $control, '>&=', 3 or die "fd 3: $!";
    $control->autoflush(1);
    $json = Fanfold::json();
  }
  print $control $json->encode($message) . "\n";
}

# The answer comes as a file.
sub ask {
  my ($self, $asked, $number) = @_;
  my $folder = $ENV{TASK_ANSWERS};
  return { error => 'only within a task: it needs somebody to remember' } unless defined $folder;
  $self->say_to_control({ once => $asked, ask => $number });
  my $file;
  select undef, undef, undef, 0.005 until open $file, '<:raw', "$folder/$number.json";
  local $/;
  return $json->decode(<$file>);
}

sub log {
  my ($self, @values) = @_;
  $self->say_to_control({ log => join ' ', @values });
}

package Fanfold::Cancelled;

use overload '""' => sub { $_[0]{message} . "\n" }, fallback => 1;

1;
