# The warm process for Perl: runs calls of subs in files, one after another. JSON lines on fd 3 (in) and fd 4 (out); see
# ../PROTOCOL.md. Perl 5.20 or later, core modules only; Cpanel::JSON::XS or JSON::XS where there is one.
use strict;
use warnings;
use Cwd ();
use File::Basename ();
use lib File::Basename::dirname(Cwd::abs_path(__FILE__)) . '/lib';
use Fanfold ();
use Fanfold::Call ();
use Time::HiRes ();

my ($concurrency, $output_max) = @ARGV;
$output_max ||= 1 << 24;
my $here = File::Basename::dirname(Cwd::abs_path(__FILE__));
my $json = Fanfold::json();
my (@queue, %definitions, $call, $rest, $files, $memory_at);
($rest, $files, $memory_at) = ('', 0, 0);
our $is_pumping = 0;
open my $in, '<&=', 3 or die "fd 3: $!";

# ---- messages ----

sub take {
  my ($message) = @_;
  my $kind = $message->[0];
  if ($kind eq 'define') {
    $definitions{ $message->[1] } = { run => $message->[2], folder => $message->[3] // Cwd::getcwd() };
  }
  elsif ($kind eq 'call') {
    push @queue, map { { definition => $definitions{ $message->[1] }, message => $_ } } @{ $message->[2] };
  }
  elsif ($kind eq 'answer') {
    my (undef, $id, $number, $answer) = @$message;
    $call->{answers}{$number} = $answer if $call && $call->{id} == $id;
  }
  elsif ($kind eq 'recall') { give_back(sub { 1 }) }
  elsif ($kind eq 'cancel') {
    my $id = $message->[1];
    if   ($call && $call->{id} == $id) { $call->{cancelled} = 1 }
    else                               { give_back(sub { $_[0]{message}[0] == $id }) }
  }
}

sub give_back {
  my ($wanted) = @_;
  my @back = grep { $wanted->($_) } @queue;
  return unless @back;
  @queue = grep { !$wanted->($_) } @queue;
  Fanfold::Call::send_value([ 'recalled', map { $_->{message}[0] } @back ]);
}

# Takes what has come; waits for it where there is nothing. Its end is ours.
sub read_messages {
  my $count = sysread $in, $rest, 65536, length $rest;
  return if !defined $count && $!{EINTR};
  abandon() unless $count;
  my @lines = split /\n/, $rest, -1;
  $rest = pop @lines;
  take($json->decode($_)) for @lines;
}

sub is_waiting {
  my ($seconds) = @_;
  vec(my $ready = '', 3, 1) = 1;
  return (select $ready, undef, undef, $seconds // 0) > 0;
}

# Whoever started us is gone: nothing that we have started may stay.
sub abandon {
  kill 'KILL', -$$;
  exit 1;
}

# In the middle of a call, told by a signal.
sub poked {
  return if !$call || $is_pumping;
  return Fanfold::Call::later(\&poked) if Fanfold::Call::is_sending();
  read_messages() while is_waiting();
  stop_if_cancelled();
}

sub stop_if_cancelled {
  return if !$call->{cancelled} || $call->{told};
  $call->{told} = 1;
  die bless { message => 'the attempt was cancelled' }, 'Fanfold::Cancelled';
}

# ---- calls ----

# The sub that a definition means, loaded at its first call, again when its file has changed.
sub sub_of {
  my ($definition) = @_;
  my $run = $definition->{run};
  my $path = $run->{path} =~ m{^/} ? $run->{path} : "$definition->{folder}/$run->{path}";
  my $stamp = (Time::HiRes::stat($path))[9];
  die start_error("the file $path is missing") unless defined $stamp;
  return $definition->{sub} if defined $definition->{stamp} && $definition->{stamp} == $stamp;
  my $package = load($path, $definition->{folder});
  my $name = $run->{name};
  no strict 'refs';
  my $full = $name =~ /::/ ? $name : "${package}::$name";
  die start_error("$path has no sub $name") unless defined &$full;
  @$definition{qw(sub stamp)} = (\&$full, $stamp);
  return $definition->{sub};
}

# Each file in a package of its own, so that files do not see each other's subs.
sub load {
  my ($path, $folder) = @_;
  for my $place ($folder, File::Basename::dirname($path)) {
    unshift @INC, $place unless grep { $_ eq $place } @INC;
  }
  open my $file, '<:raw', $path or die start_error("$path: $!");
  my $source = do { local $/; <$file> };
  my $package = 'Fanfold::File' . $files++;
  Fanfold::Call::evaluate("package $package;\n#line 1 \"$path\"\n$source\n;1") or die $@;
  return $package;
}

sub start_error { return bless { message => $_[0], reason => 'start' }, 'Fanfold::StartError' }

sub run_one {
  my ($waiting) = @_;
  my $next = Fanfold::Call->new($waiting->{message});
  my ($at, $start, $cpu) = (int(Time::HiRes::time() * 1000), Time::HiRes::time(), cpu());
  my ($text, $failure, $stack, $output);
  local $SIG{__DIE__} = sub { $stack = stack_of($_[0]) };
  Fanfold::Call::capture($next);
  my $is_done = eval {
    my $sub = sub_of($waiting->{definition});
    $call = $next;
    $output = $sub->($next->{input}, $next);
    $call = undef;
    1;
  };
  my $error = $@;
  $call = undef;
  Fanfold::Call::capture(undef);
  if (!$is_done) { $failure = failure($error, $stack) }
  else {
    $text = eval { $json->encode($output) };
    $failure = { reason => 'output', message => "$@" } unless defined $text;
    if (defined $text && length $text > $output_max) {
      $failure = {
        reason  => 'output',
        message => 'the output has ' . length($text) . " bytes, more than $output_max",
      };
    }
  }
  my $us = int((Time::HiRes::time() - $start) * 1e6);
  tell_memory($us);
  $next->close_log;
  my ($kind, $what) = $failure ? ('fail', $json->encode($failure)) : ('done', $text);
  my $used = $us < 1000 ? $us : int((cpu() - $cpu) * 1e6);
  Fanfold::Call::send_text(qq(["$kind",$next->{id},$at,$us,$what,$used]\n));
}

sub cpu {
  my ($user, $system) = times;
  return $user + $system;
}

sub failure {
  my ($error, $stack) = @_;
  my $name = ref $error;
  my $message =
      $name && eval { $error->can('message') } ? $error->message
    : $name && eval { exists $error->{message} } ? $error->{message}
    :                                              "$error";
  chomp $message;
  $message =~ s/ at \S+ line \d+\.$// unless $name;
  my %told = (
    reason  => (eval { $error->{reason} } // '') eq 'start' ? 'start' : 'error',
    message => substr($message, 0, 2000),
  );
  $told{name} = $name if $name;
  $told{stack} = substr($stack, 0, 8000) if defined $stack;
  return \%told;
}

# Where it died, without what is ours.
sub stack_of {
  my ($error) = @_;
  my $text = ref $error ? ref($error) . "\n" : "$error";
  for (my $depth = 1; my @frame = caller $depth; $depth++) {
    my (undef, $file, $line, $sub) = @frame;
    last if $file =~ m{^\Q$here\E/} && $sub eq '(eval)';
    $text .= "\t$sub called at $file line $line\n" unless $file =~ m{^\Q$here\E/} && $sub =~ /ANON/;
  }
  $text =~ s/Fanfold::File\d+:://g;
  return $text;
}

# Tells now and then, and after long calls, the most memory that was resident since the last time.
sub tell_memory {
  my ($us) = @_;
  my $now = Time::HiRes::time();
  return if $now - $memory_at < 1 && $us < 50_000;
  $memory_at = $now;
  open my $status, '<', '/proc/self/status' or return;
  my ($kb) = map { /^VmHWM:\s+(\d+)/ } <$status>;
  Fanfold::Call::send_value([ 'memory', $kb / 1024 ]) if $kb;
  open my $clear, '>', '/proc/self/clear_refs' or return;
  print $clear '5';
}

$Fanfold::Call::pump = sub {
  # Else the signal that comes with an answer would take it away from us.
  local $is_pumping = 1;
  read_messages() if is_waiting(0.05);
  $is_pumping = 0;
  stop_if_cancelled();
};
$SIG{USR1} = \&poked;
Fanfold::Call::capture_streams();
Fanfold::Call::send_value([ 'ready', 'SIGUSR1' ]);
while (1) {
  if (@queue) {
    read_messages() while is_waiting();
    run_one(shift @queue) if @queue;
  }
  else { read_messages() }
}
