package Fanfold::Call;

# One call in the warm process: the second argument of a sub. Fanfold.pm says what it gives.
use strict;
use warnings;
use Fanfold ();
use Time::HiRes ();

our @ISA = ('Fanfold::Task');

use constant LINE_MAX => 64_000;

my $json = Fanfold::json();
my ($current, $is_sending, $then);
open my $out, '>&=', 4 or die "fd 4: $!";

sub new {
  my ($class, $message) = @_;
  my ($id, $input, $run, $task, $attempt, $workflow, $folders) = @$message;
  return bless {
    id      => $id,
    input   => $input,
    run     => $run,
    task    => $task,
    attempt => $attempt,
    workflow => $workflow,
    artifacts => $folders->{left},
    inputs    => $folders->{needed},
    # Of stdout and stderr, what came after the last line end.
    open => [ '', '' ],
  }, $class;
}

# Task code, where no variable of ours is in sight.
sub evaluate { return eval $_[0] }    ## no critic

# ---- what goes to the executor ----

# Returns when all is in the pipe: what was sent is not lost when the process dies.
sub send_text {
  my ($text) = @_;
  $is_sending = 1;
  my $at = 0;
  while ($at < length $text) {
    my $count = syswrite $out, $text, length($text) - $at, $at;
    $at += $count if defined $count;
    exit 1 if !defined $count && !$!{EINTR};
  }
  $is_sending = 0;
  return unless $then;
  (my $late, $then) = ($then, undef);
  $late->();
}

sub send_value { send_text($json->encode($_[0]) . "\n") }
sub is_sending { return $is_sending }
sub later { $then = $_[0] }

sub say_to_control {
  my ($self, $message) = @_;
  send_value([ 'say', $self->{id}, int(Time::HiRes::time() * 1000), $message ]);
}

# Of the harness: reads messages, or waits a moment for some.
our $pump;

sub ask {
  my ($self, $asked, $number) = @_;
  $self->say_to_control({ once => $asked, ask => $number });
  $pump->() until exists $self->{answers}{$number};
  return delete $self->{answers}{$number};
}

sub log {
  my ($self, @values) = @_;
  $self->write_log(0, join(' ', @values) . "\n");
}

# ---- what is printed ----

# Lines go out at once, since nothing else runs while the call does.
sub write_log {
  my ($self, $stream, $text) = @_;
  $text = $self->{open}[$stream] . $text;
  my @lines = split /\n/, $text, -1;
  my $last = pop @lines // '';
  while (length $last > LINE_MAX) { push @lines, substr $last, 0, LINE_MAX, '' }
  $self->{open}[$stream] = $last;
  $self->send_lines($stream, @lines) if @lines;
}

sub send_lines {
  my ($self, $stream, @lines) = @_;
  for (@lines) { utf8::decode($_) unless utf8::is_utf8($_) }
  send_value([ 'log', $self->{id}, int(Time::HiRes::time() * 1000), $stream, \@lines ]);
}

sub close_log {
  my ($self) = @_;
  for my $stream (0, 1) {
    next if $self->{open}[$stream] eq '';
    $self->send_lines($stream, $self->{open}[$stream]);
    $self->{open}[$stream] = '';
  }
}

# From now on, what is printed is this call's.
sub capture { $current = $_[0] }

sub capture_streams {
  tie *STDOUT, 'Fanfold::Capture', 0;
  tie *STDERR, 'Fanfold::Capture', 1;
  $SIG{__WARN__} = sub { print STDERR @_ };
}

END { $current->close_log if $current }

package Fanfold::Capture;

sub TIEHANDLE { return bless { stream => $_[1] }, $_[0] }

sub WRITE {
  my ($self, $text, $length, $from) = @_;
  $text = substr $text, $from // 0, $length if defined $length;
  if ($current) { $current->write_log($self->{stream}, $text) }
  else {
    # Nobody's: past us, where it is seen.
    utf8::encode($text) if utf8::is_utf8($text);
    syswrite $self->plain, $text;
  }
  return length $text;
}

sub plain {
  my ($self) = @_;
  open $self->{plain}, '>&=', $self->{stream} + 1 unless $self->{plain};
  return $self->{plain};
}

sub PRINT {
  my ($self, @values) = @_;
  $self->WRITE(join($, // '', @values) . ($\ // ''));
  return 1;
}

sub PRINTF {
  my ($self, $format, @values) = @_;
  $self->WRITE(sprintf $format, @values);
  return 1;
}

sub FILENO { return $_[0]{stream} + 1 }
sub BINMODE { return 1 }
sub CLOSE { return 1 }

1;
